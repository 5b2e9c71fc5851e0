package schema

// Contract is what somebody promises of data, or wants of it.
type Contract struct {
	// Columns are the wanted ones. Their types may stand for many, see [Any].
	Columns Definition
	// Rules are those of the comparison; nil is strict.
	Rules *Rules
	// Description says in words what the data is; it may be empty.
	Description string
}

// Compare returns all in which the columns of data are not those of the contract,
// as [Compare] does.
func (c Contract) Compare(got Definition) []Difference { return Compare(c.Columns, got, c.Rules) }
