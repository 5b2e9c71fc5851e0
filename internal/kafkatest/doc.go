// Package kafkatest starts a real Kafka broker for tests: one node that is broker
// and controller at once, on free ports of this machine, with its files in a
// temporary folder. It ends with the test.
//
//	func TestRecords(t *testing.T) {
//		broker := kafkatest.Start(t)
//		… broker.Servers …
//	}
//
// Its jars are fetched with Maven, once. Topics come to be when somebody writes to
// them, with two partitions each. Where Java or Maven is missing the test is
// skipped aloud; in CI, where CI=true, it fails.
package kafkatest
