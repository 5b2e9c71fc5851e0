-- The sequence "of_the_day" is a view for the sequences after it.
SELECT coalesce(region, 'unknown') AS region, count(*) AS orders, sum(amount) AS revenue
FROM of_the_day
GROUP BY 1
