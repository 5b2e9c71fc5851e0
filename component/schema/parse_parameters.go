package schema

import (
	"slices"
	"strconv"
	"strings"
)

func (p *parser) decimal(name token) (DataType, error) {
	at := p.tok.at
	args, err := p.numbers()
	if err != nil {
		return DataType{}, err
	}
	t := Decimal(10, 0)
	switch len(args) {
	case 0:
	case 1:
		t.Precision = args[0]
	case 2:
		t.Precision, t.Scale = args[0], args[1]
	default:
		return t, faultAt(p.text, at, "%s takes a precision and a scale, not %d numbers", strings.ToUpper(name.text), len(args))
	}
	if t.Precision > 38 {
		return t, faultAt(p.text, at, "a DECIMAL has up to 38 digits, not %d", t.Precision)
	}
	if t.Scale > t.Precision {
		return t, faultAt(p.text, at, "the scale %d of a DECIMAL is greater than its precision %d", t.Scale, t.Precision)
	}
	return t, nil
}

func (p *parser) sized(kind Kind, name token) (DataType, error) {
	at := p.tok.at
	args, err := p.numbers()
	if err != nil {
		return DataType{}, err
	}
	if len(args) != 1 {
		word := strings.ToUpper(name.text)
		return DataType{}, faultAt(p.text, at, "%s needs its length, as in %s(10)", word, word)
	}
	collation, err := p.collation()
	return DataType{Kind: kind, Length: args[0], Collation: collation}, err
}

// numbers reads "(1, 2)", or nothing.
func (p *parser) numbers() ([]int, error) {
	if !p.take("(") {
		return nil, nil
	}
	var out []int
	for {
		if p.tok.kind != tokenNumber {
			return nil, p.expected("a whole number")
		}
		n, err := strconv.ParseInt(p.tok.text, 10, 32)
		if err != nil {
			return nil, faultAt(p.text, p.tok.at, "the number %s is too large", p.tok.text)
		}
		out = append(out, int(n))
		p.next()
		if p.take(")") {
			return out, nil
		}
		if !p.take(",") {
			return nil, p.expected(`"," or ")"`)
		}
	}
}

// collation reads "COLLATE name", or nothing.
func (p *parser) collation() (string, error) {
	if p.tok.is("(") {
		return "", faultAt(p.text, p.tok.at, "STRING takes no length; use VARCHAR for a largest length")
	}
	if !p.take("COLLATE") {
		return "", nil
	}
	at := p.tok.at
	var parts []string
	for {
		if p.tok.kind != tokenWord && p.tok.kind != tokenName {
			return "", p.expected("the name of a collation")
		}
		parts = append(parts, p.tok.text)
		p.next()
		if !p.take(".") {
			break
		}
	}
	full := strings.Join(parts, ".")
	if len(parts) == 3 && strings.EqualFold(parts[0], "system") && strings.EqualFold(parts[1], "builtin") {
		parts = parts[2:]
	}
	name, ok := collationName(parts[0])
	if !ok || len(parts) != 1 {
		return "", faultAt(p.text, at, "Spark has no collation %q", full)
	}
	return unlessBinary(name), nil
}

// interval reads what follows INTERVAL: "DAY TO SECOND", "YEAR" or nothing.
func (p *parser) interval() (DataType, error) {
	for _, kind := range []Kind{KindYearMonthInterval, KindDayTimeInterval} {
		names := intervalNames(kind)
		start := p.intervalField(names)
		if start < 0 {
			continue
		}
		p.next()
		t := DataType{Kind: kind, Start: IntervalField(start), End: IntervalField(start)}
		if !p.take("TO") {
			return t, p.noArguments(token{text: names[start]})
		}
		end := p.intervalField(names)
		if end <= start {
			return t, p.expected("a smaller field of the interval than " + names[start])
		}
		p.next()
		t.End = IntervalField(end)
		return t, p.noArguments(token{text: names[end]})
	}
	return CalendarInterval(), p.noArguments(token{text: "INTERVAL"})
}

// intervalField gives the index of the current word in names, or -1.
func (p *parser) intervalField(names []string) int {
	return slices.IndexFunc(names, p.tok.is)
}

// timestamp reads what may follow TIMESTAMP since Spark 4.1.
func (p *parser) timestamp(zone bool) (DataType, error) {
	switch {
	case zone && p.tok.is("WITHOUT"):
		p.next()
		return TimestampNTZ(), p.words("TIME", "ZONE")
	case zone && p.tok.is("WITH"):
		p.next()
		return Timestamp(), p.words("LOCAL", "TIME", "ZONE")
	}
	return Timestamp(), p.noArguments(token{text: "TIMESTAMP"})
}

func (p *parser) words(words ...string) error {
	for _, word := range words {
		if !p.take(word) {
			return p.expected(word)
		}
	}
	return nil
}

// unknown reads the types of later versions of Spark that have no kind here.
func (p *parser) unknown(word string) (DataType, error) {
	at := p.tok.at
	if word != "TIME" {
		if p.tok.is("(") && p.peek().is("ANY") {
			p.next()
			p.next()
			if !p.take(")") {
				return DataType{}, p.expected(`")"`)
			}
			return DataType{Text: word + "(ANY)"}, nil
		}
		args, err := p.numbers()
		if err == nil && len(args) != 1 {
			err = faultAt(p.text, at, "%s needs its reference system, as in %s(4326)", word, word)
		}
		if err != nil {
			return DataType{}, err
		}
		return DataType{Text: word + "(" + strconv.Itoa(args[0]) + ")"}, nil
	}
	precision := 6
	args, err := p.numbers()
	if err != nil {
		return DataType{}, err
	}
	if len(args) > 0 {
		precision = args[0]
	}
	if len(args) > 1 || precision > 6 {
		return DataType{}, faultAt(p.text, at, "TIME takes one precision, from 0 to 6")
	}
	if p.tok.is("WITHOUT") {
		p.next()
		err = p.words("TIME", "ZONE")
	}
	return DataType{Text: "TIME(" + strconv.Itoa(precision) + ")"}, err
}
