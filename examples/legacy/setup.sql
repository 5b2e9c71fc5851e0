-- What customer_etl.conf expects to find: the table raw.customers. It holds the
-- ten rows of customers.csv and two from before 2024 that the filter leaves out.
CREATE DATABASE IF NOT EXISTS raw;
CREATE DATABASE IF NOT EXISTS curated;
CREATE OR REPLACE TEMPORARY VIEW customers_seed AS
SELECT * FROM VALUES
  (1,  'Hanneke Dijkstra', 'Hanneke.Dijkstra@Polder.example', 'eu-west', DATE'2024-10-07'),
  (2,  'Tomás Ferreira',   'tomas@lisboa.example',            'eu-west', DATE'2024-11-19'),
  (3,  'mei lin Chau',     'MEI.CHAU@HARBOUR.EXAMPLE',        'us-west', DATE'2024-12-02'),
  (4,  'Obinna Eze',       NULL,                              'us-east', DATE'2025-01-15'),
  (5,  'Falk, Ingrid',     'Ingrid@Falk.example',             'eu-west', DATE'2025-02-28'),
  (6,  'PRIYA RAMAN',      'p.raman@Monsoon.example',         'us-west', DATE'2025-03-11'),
  (7,  'Caleb Whitlow',    'cAlEb@whitlow.example',           'us-east', DATE'2025-05-05'),
  (8,  'Sólveig Jóns',     'SOLVEIG@fjord.example',           'eu-west', DATE'2025-06-21'),
  (9,  'Marta Quispe',     NULL,                              'us-west', DATE'2025-08-08'),
  (10, 'Desmond Achebe',   'Desmond.Achebe@Delta.Example',    'us-east', DATE'2025-09-30'),
  (11, 'Yusuf Karim',      'yusuf@karim.example',             'us-east', DATE'2023-12-31'),
  (12, 'Elsbeth Vogt',     NULL,                              'eu-west', DATE'2022-04-04')
AS customers(customer_id, name, email, region, created_at);
DROP TABLE IF EXISTS raw.customers;
CREATE TABLE raw.customers USING parquet AS SELECT * FROM customers_seed;
