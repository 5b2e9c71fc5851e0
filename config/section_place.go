package config

// Place returns where the member with one of the keys stands, as
// file:line:column, and its key path; without such a member the place of the
// section. Keys are written in snake_case.
func (s Section) Place(keys ...string) (where, path string) {
	pos, path := s.at(keys...)
	return pos.String(), path
}
