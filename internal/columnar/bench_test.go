package columnar_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/columnar"
)

// BenchmarkDecode makes rows of one batch of 1000: ns/op is for a thousand rows.
func BenchmarkDecode(b *testing.B) {
	b.Run("struct", func(b *testing.B) {
		benchmark[struct {
			ID   int64
			Text string
		}](b, numbers(b, 0, 1000))
	})
	b.Run("with slices", func(b *testing.B) { benchmark[numbered](b, numbers(b, 0, 1000)) })
	b.Run("with pointers", func(b *testing.B) {
		benchmark[struct {
			ID   *int64
			Text *string
		}](b, numbers(b, 0, 1000))
	})
	b.Run("rows", func(b *testing.B) { benchmark[value.Row](b, numbers(b, 0, 1000)) })
}

func benchmark[T any](b *testing.B, rec arrow.Record) {
	decoder, err := columnar.NewDecoder[T](rec.Schema())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decoder.Decode(rec, func(T) bool { return true }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead takes a batch of 1000 rows out of its bytes.
func BenchmarkRead(b *testing.B) {
	data := stream(b, numbers(b, 0, 1000))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := columnar.Read(data, func(arrow.Record) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
