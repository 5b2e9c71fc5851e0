package schema

import "strings"

// binaryCollation is the one of every STRING that names none.
const binaryCollation = "UTF8_BINARY"

// locales are the languages and countries whose collations Spark 4.0 to 4.2
// have, in their spelling.
const locales = `UNICODE af am ar ar_SAU as az be bg blo bn bo br bs bs_Cyrl ca ceb chr cs cy da de de_AUT dsb dz ee el en
en_USA eo es et fa fa_AFG ff ff_Adlm fi fil fo fr fr_CAN fy ga gl gu ha haw he he_ISR hi hr hsb hu hy id id_IDN ig is it ja
ka kk kk_Arab kl km kn ko kok ku ky lb lij lkt ln lo lt lv mk ml mn mr ms mt my nb nb_NOR ne nl nn no nso om or pa pa_Guru
pa_Guru_IND pl ps pt ro ru sa se si sk sl smn sq sr sr_Cyrl sr_Cyrl_BIH sr_Cyrl_MNE sr_Cyrl_SRB sr_Latn sr_Latn_BIH
sr_Latn_SRB st sv sw ta te th tk tn to tr ug uk ur uz vi wae wo xh yi yo zh zh_Hans zh_Hans_CHN zh_Hans_SGP zh_Hant
zh_Hant_HKG zh_Hant_MAC zh_Hant_TWN zu`

// collationName gives the spelling that Spark uses for a collation: the locale,
// then _CI, _AI and _RTRIM as far as they hold. Case sensitive and accent
// sensitive are what a name without these means.
func collationName(name string) (string, bool) {
	rest := strings.ToUpper(name)
	var ci, cs, ai, as, rtrim bool
	for found := true; found; {
		found = false
		for _, m := range []struct {
			suffix    string
			on, other *bool
		}{{"_CI", &ci, &cs}, {"_CS", &cs, &ci}, {"_AI", &ai, &as}, {"_AS", &as, &ai}, {"_RTRIM", &rtrim, &rtrim}} {
			if cut, ok := strings.CutSuffix(rest, m.suffix); ok {
				if *m.on || *m.other {
					return "", false
				}
				rest, *m.on, found = cut, true, true
			}
		}
	}
	var suffix string
	if ci {
		suffix += "_CI"
	}
	if ai {
		suffix += "_AI"
	}
	if rtrim {
		suffix += "_RTRIM"
	}
	if rest == binaryCollation || rest == "UTF8_LCASE" {
		return rest + suffix, !ci && !cs && !ai && !as
	}
	for _, locale := range strings.Fields(locales) {
		if strings.EqualFold(locale, rest) {
			return locale + suffix, true
		}
	}
	return "", false
}

// unlessBinary gives the collation as DataType has it.
func unlessBinary(name string) string {
	if name == binaryCollation {
		return ""
	}
	return name
}

// collationProvider is the library that Spark takes the collation from; the JSON
// form of a schema names it.
func collationProvider(name string) string {
	if strings.HasPrefix(name, "UTF8_") {
		return "spark"
	}
	return "icu"
}
