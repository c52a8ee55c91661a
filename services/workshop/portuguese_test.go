package workshop

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unBrazilian are mistakes that were made in the Portuguese texts, by kind.
var unBrazilian = map[string]*regexp.Regexp{
	"no comma before mas or porém":  regexp.MustCompile(`[\p{L}\d)»] (mas|porém|todavia) `),
	"no comma around no entanto":    regexp.MustCompile(`\be no entanto|e, no entanto [^,]`),
	"European gerund (a + verb)":    regexp.MustCompile(`\b(continua|continuam|ninguém|está|estão|fica|ficam) a [\p{L}]+[aei]r\b`),
	"European place of the pronoun": regexp.MustCompile(`\b(também|só|não|nada|quem|que) (se (pode|deve|quer) \p{L}+r\b|(pode|deve|devia) \p{L}+[aei]r-se)|\b(nada|nunca|também) \p{L}+ \p{L}+r-se`),
	"European words":                regexp.MustCompile(`(?i)\b(ficheiros?|utilizador(es)?|ecrã|registos?|contactos?|entretanto|guarda-redes|equipa)\b`),
	"a subject cut from its verb":   regexp.MustCompile(`\b[Qq]uem [^,.;:?!]{3,60}, (às vezes |sempre |nunca )?(publica|paga|perde|repete|lê) \p{L}`),
	"not said: docs/glossary.md": regexp.MustCompile(`(?i)\bcomm?it(ar|ad[oa]s?|ou|am)\b|\bdeslocamentos?\b|\bcorretor(es)?\b|\brebalanços?\b|` +
		`\bretentativas?\b|\bréplicas? sincronizadas?\b|\b(cartas?|filas?) mortas?\b|\backs? d[eo] offsets?\b|\bcommits? d[aeo]s? mensage(m|ns)\b`),
	"the plural of a singular (one)": regexp.MustCompile(`(?i)\bos \p{L}+s dele seria\b`),
}

// unBrazilianIn are the mistakes of a text.
func unBrazilianIn(text string) (faults []string) {
	text = strings.Join(strings.Fields(text), " ")                      // a sentence goes over lines
	text = strings.ReplaceAll(text, "tentei consumir mas deu erro", "") // the words of the Java course
	for kind, wrong := range unBrazilian {
		for _, found := range wrong.FindAllStringIndex(text, -1) {
			faults = append(faults, kind+": "+text[max(0, found[0]-30):min(len(text), found[1]+30)])
		}
	}
	return faults
}

func TestPortugueseOfPagesAndLabs(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	read := 0
	check := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		read++
		for _, fault := range unBrazilianIn(string(text)) {
			t.Errorf("%s: %s", path, fault)
		}
	}
	err := filepath.WalkDir(filepath.Join(root, "labs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			check(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{
		"README.pt-BR.md", "docs/pt-BR/*.md", "services/*/words.go", "services/kit/refusal/*.txt",
		"services/workshop/cli/*.go", "services/workshop/lab/*.go",
		"services/workshop/lab/*.toml", "services/workshop/drill/*.go", "services/workshop/drill/*.toml",
	} {
		paths, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, path := range paths {
			if !strings.HasSuffix(path, "_test.go") {
				check(path)
			}
		}
	}
	if read < 100 {
		t.Errorf("%d files were read", read)
	}
	for _, wrong := range []string{
		"quando o commit foi aceito mas a resposta", "com o mesmo id mas para o outro", "uma transação lenta porém viva",
		"e no entanto diz", "joga-se a terceira sem ninguém a ler", "o produtor continua a publicar", "a resposta também se pode perder",
		"quando nada devia repetir-se", "quem publica ao menos uma vez, às vezes publica duas", "os brokers dele seria o da porta",
		"o que foi confirmado entretanto", "o grupo commitou", "o offset comitado", "o deslocamento 5", "o rebalanço do grupo", "uma retentativa",
		"três réplicas sincronizadas", "foi para a fila morta", "o ack do offset", "o commit da mensagem",
	} {
		if len(unBrazilianIn(wrong)) == 0 {
			t.Errorf("control: %q is not found", wrong)
		}
	}
}
