package quality

// Columns are names of columns. In configuration files one name may stand for a list
// of one.
type Columns []string

// UnmarshalText implements [encoding.TextUnmarshaler]: the one name.
func (c *Columns) UnmarshalText(text []byte) error {
	*c = Columns{string(text)}
	return nil
}
