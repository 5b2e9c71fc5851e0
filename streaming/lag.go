package streaming

import (
	"encoding/json"
	"math"
	"strconv"
)

// Lag is how far a source is behind what there is to read.
type Lag struct {
	// Max, Min and Avg are over the partitions of the source, in records.
	Max, Min int64
	Avg      float64
}

// Lag returns how far the source was behind at the end of the batch, and whether
// that is known. Kafka tells it in its metrics; of a source whose offsets are plain
// numbers it is the difference of LatestOffset and EndOffset.
func (s SourceProgress) Lag() (Lag, bool) {
	most, err1 := strconv.ParseInt(s.Metrics["maxOffsetsBehindLatest"], 10, 64)
	least, err2 := strconv.ParseInt(s.Metrics["minOffsetsBehindLatest"], 10, 64)
	mean, err3 := strconv.ParseFloat(s.Metrics["avgOffsetsBehindLatest"], 64)
	if err1 == nil {
		lag := Lag{Max: most}
		if err2 == nil {
			lag.Min = least
		}
		if err3 == nil && !math.IsNaN(mean) && !math.IsInf(mean, 0) {
			lag.Avg = mean
		}
		return lag, true
	}
	var end, latest int64
	if s.EndOffset == nil || s.LatestOffset == nil || json.Unmarshal(s.EndOffset, &end) != nil || json.Unmarshal(s.LatestOffset, &latest) != nil {
		return Lag{}, false
	}
	if latest < end || end < 0 && latest > math.MaxInt64+end {
		return Lag{}, latest == end
	}
	behind := latest - end
	return Lag{Max: behind, Min: behind, Avg: float64(behind)}, true
}
