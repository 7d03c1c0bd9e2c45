package catalogue

import (
	"strings"
	"unicode"

	"xinyi/models"
	"xinyi/models/form"
)

// Words that name what may not be collected. Chinese ones count wherever they stand, others as whole words.
//
// Source: docs/sources.md#catalogue-forbidden, docs/sources.md#catalogue-restricted, docs/sources.md#catalogue-conduct.
var (
	forbidden = list{
		han: strings.Fields("宗教 信仰 教派 基因 遗传信息 指纹 血型 疾病 病史 病历 病情 患病 确诊 诊断 传染病 艾滋 肝炎 精神病 用药 手术"),
		latin: strings.Fields("religion religious faith gene genes genetic genetics genome dna fingerprint fingerprints bloodtype bloodgroup " +
			"disease diseases illness illnesses diagnosis diagnoses hiv zongjiao xinyang jiyin zhiwen xuexing jibing bingshi"),
		pairs: []string{"blood type", "blood group", "finger print", "finger prints", "medical history", "medical record", "medical records", "case history"},
	}
	restricted = list{
		han:   strings.Fields("收入 月薪 年薪 存款 银行余额 有价证券 证券账户 股票 商业保险 保单 不动产 房产 纳税额 纳税数额 税款 缴税金额 个税"),
		latin: strings.Fields("income salary deposit deposits savings securities insurance realestate"),
		pairs: []string{"real estate", "tax amount", "tax paid", "taxes paid", "amount of tax"},
	}
	conduct = list{
		han:   strings.Fields("闯红灯 垃圾分类 信访 上访 物业费 养犬 遛狗 拆迁 征拆 广场舞 横穿马路"),
		latin: strings.Fields("jaywalking petition petitions petitioning dog dogs demolition"),
		pairs: []string{"red light", "garbage sorting", "waste sorting", "property fee", "property fees", "management fee"},
	}
)

type list struct{ han, latin, pairs []string }

// find is the first word of the list in a name.
func (l list) find(name string) (string, bool) {
	flat := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, form.Narrow(name))
	for _, w := range l.han {
		if strings.Contains(flat, w) {
			return w, true
		}
	}
	words := " " + strings.Join(wordsOf(form.Narrow(name)), " ") + " "
	for _, ws := range [][]string{l.latin, l.pairs} {
		for _, w := range ws {
			if strings.Contains(words, " "+w+" ") {
				return w, true
			}
		}
	}
	return "", false
}

// wordsOf splits a name into lower-case words: bloodType, blood_type and "blood type" are the same.
func wordsOf(name string) []string {
	var out []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
		}
		word = nil
	}
	lower := false
	for _, r := range name {
		letter := r < unicode.MaxASCII && unicode.IsLetter(r)
		if !letter || unicode.IsUpper(r) && lower {
			end()
		}
		if letter {
			word = append(word, r)
		}
		lower = letter && unicode.IsLower(r)
	}
	end()
	return out
}

// Forbidden says whether a name is of data that is never collected about anybody: religion, genes, fingerprints, blood type,
// illness, medical history. word is what gave it away.
func Forbidden(name string) (word string, bad bool) { return forbidden.find(name) }

// Restricted says whether a name is of data that only a person's own written consent opens: income, deposits, securities,
// insurance, real estate, taxes paid. None of it is collected about persons here.
func Restricted(name string) (word string, bad bool) { return restricted.find(name) }

// scan looks for such names in everything an item and its form say. Errors: Invalid with every one found.
func (c Content) scan(f *Form) []models.Field {
	var fields []models.Field
	person := false
	for _, k := range c.Kinds {
		person = person || k != models.Organisation
	}
	check := func(pointer string, names ...string) {
		for _, name := range names {
			for _, l := range []struct {
				code string
				on   bool
				list list
			}{
				{"forbidden_data", true, forbidden},
				{"restricted_data", person, restricted},
				{"uncreditable_conduct", c.Nature == models.Negative, conduct},
			} {
				if word, bad := l.list.find(name); bad && l.on {
					fields = append(fields, models.Field{Pointer: pointer, Code: l.code, Args: map[string]string{"word": word}})
				}
			}
		}
	}
	check("/name", c.Name.ZH, c.Name.EN)
	for _, col := range f.Columns {
		names := []string{col.Key, col.Title.ZH, col.Title.EN, col.Note}
		for _, l := range col.Choices {
			names = append(names, l.Label.ZH, l.Label.EN)
		}
		check("/schema/properties"+form.Pointer(col.Key), names...)
	}
	return fields
}
