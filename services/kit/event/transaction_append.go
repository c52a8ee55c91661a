package event

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends the transaction as JSON to dst and returns the extended slice: the bytes that encoding/json writes, except
// that & < > stay readable. It allocates only where dst has no room, or a text needs more than quotes around it.
func (t *Transaction) AppendJSON(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `{"id_sequencia":`...), t.IDSequencia, 10)
	dst = appendText(dst, `,"id_usuario":"`, t.IDUsuario)
	dst = appendText(dst, `,"id_transacao":"`, t.IDTransacao)
	dst = appendText(dst, `,"id_produto":"`, t.IDProduto)
	dst = appendText(dst, `,"endereco":"`, t.Endereco)
	dst = appendText(dst, `,"cadastro_em":"`, t.CadastroEm)
	dst = appendText(dst, `,"id_plataforma":"`, t.IDPlataforma)
	dst = appendText(dst, `,"mensagem":"`, t.Mensagem)
	if t.ValorCentavos != 0 {
		dst = strconv.AppendInt(append(dst, `,"valor_centavos":`...), t.ValorCentavos, 10)
	}
	if t.Moeda != "" {
		dst = appendText(dst, `,"moeda":"`, t.Moeda)
	}
	if t.Tipo != "" {
		dst = appendText(dst, `,"tipo":"`, t.Tipo)
	}
	return append(dst, '}')
}

// appendText appends a field: its name with all up to the opening quote, and its value s.
func appendText(dst []byte, name, s string) []byte {
	dst = append(append(dst, name...), s...)
	if start := len(dst) - len(s); !plain(dst[start:]) {
		return appendQuoted(dst[:start-1], s)
	}
	return append(dst, '"')
}

// plain reports whether each byte stands for itself in a JSON string: it is ASCII, and no quote, backslash or control character.
func plain(text []byte) bool {
	if len(text) < 8 {
		for _, c := range text {
			if c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
				return false
			}
		}
		return true
	}
	for rest := text; len(rest) > 8; rest = rest[8:] {
		if !plainWord(binary.LittleEndian.Uint64(rest)) {
			return false
		}
	}
	return plainWord(binary.LittleEndian.Uint64(text[len(text)-8:])) // which may overlap
}

// plainWord is plain for eight bytes at a time: a subtraction sets the high bit of a byte that is too small, and borrows from
// the next one only then.
func plainWord(w uint64) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quotes, backslashes := w^('"'*ones), w^('\\'*ones)
	return (w|(w-' '*ones)|(quotes-ones)|(backslashes-ones))&highs == 0
}

func appendQuoted(dst []byte, s string) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string into a bytes.Buffer: nothing that could fail
	return append(dst, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}
