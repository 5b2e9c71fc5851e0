package config

// checkpointShape is the root block "checkpoint". The block by itself asks for
// records.
type checkpointShape struct {
	Enabled          bool   `koanf:"enabled" default:"true"`
	Location         string `koanf:"location"`
	AutoResume       bool   `koanf:"auto_resume" default:"false"`
	CleanupOnSuccess bool   `koanf:"cleanup_on_success" default:"false"`
	OnChange         string `koanf:"on_change" enum:"refuse,run" default:"refuse"`
	KeepBreakers     bool   `koanf:"keep_breakers" default:"false"`
}

// elderCheckpointShape is "pipeline.checkpoint", whose defaults are those of the
// system that it comes from.
type elderCheckpointShape struct {
	Enabled          bool   `koanf:"enabled" default:"false"`
	Location         string `koanf:"location"`
	AutoResume       bool   `koanf:"auto_resume" default:"false"`
	CleanupOnSuccess bool   `koanf:"cleanup_on_success" default:"true"`
}

// checkpoint is the block "checkpoint" in whichever form the file has it.
func (b *builder) checkpoint() Checkpoint {
	own := b.shape.Checkpoint
	if block := b.shape.Pipeline; block != nil && block.Checkpoint != nil {
		if f := b.given("checkpoint"); f != nil {
			b.add(f.KeyPos, f.Key, "given beside pipeline.checkpoint", "keep one of them")
		}
		elder := block.Checkpoint
		if !elder.Enabled {
			return Checkpoint{}
		}
		return Checkpoint{
			Enabled: true, Location: elder.Location, AutoResume: elder.AutoResume, CleanupOnSuccess: elder.CleanupOnSuccess,
		}
	}
	if own == nil || !own.Enabled {
		return Checkpoint{}
	}
	return Checkpoint{
		Enabled: true, Location: own.Location, AutoResume: own.AutoResume, CleanupOnSuccess: own.CleanupOnSuccess,
		AllowChanges: own.OnChange == "run", KeepBreakers: own.KeepBreakers,
	}
}
