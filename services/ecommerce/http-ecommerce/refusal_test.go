package httpecommerce

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// The page asks in its own language; a program that does not ask is answered in English.
func TestRefusalsInTwoLanguages(t *testing.T) {
	for _, body := range []string{
		`no JSON`, `{"email":"ana@example.com","amount":1}`, `{"uuid":"../x","email":"ana@example.com","amount":1}`,
		`{"uuid":"u","email":"ana","amount":1}`,
		`{"uuid":"u","email":"ana@example.com","amount":"1.234,50"}`, `{"uuid":"u","email":"ana@example.com","amount":0}`,
	} {
		_, refused := posted(httptest.NewRequest("POST", "/orders", strings.NewReader(body)))
		if refused == nil {
			t.Errorf("%s: accepted", body)
			continue
		}
		pt, en := refused.pt+"\nexemplo: {}\n", refused.en+"\nexample: {}\n"
		for language, want := range map[string]string{"pt-BR": pt, "pt": pt, "en": en, "": en, "de": en} {
			r, w := httptest.NewRequest("POST", "/orders", nil), httptest.NewRecorder()
			r.Header.Set("Accept-Language", language)
			refused.write(w, r, "{}")
			if got := w.Body.String(); w.Code != 400 || got != want || refused.pt == refused.en {
				t.Errorf("%s in %q: %d %q, want %q", body, language, w.Code, got, want)
			}
		}
	}
	if !strings.HasSuffix(badAmount.pt, "até 1.000.000.000,00") || !strings.HasSuffix(badAmount.en, "up to 1,000,000,000.00") {
		t.Errorf("amounts: %q, %q", badAmount.pt, badAmount.en)
	}
}
