package board

import (
	"embed"
	"html/template"
	"io/fs"
	"net/http"

	"workshop.example/kit/service"
)

//go:embed static
var files embed.FS

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// Routes serves the page at /, what it loads under /static/, and the stream at /api/board.
func (b *Board) Routes(mux *http.ServeMux) {
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	mux.HandleFunc("GET /{$}", b.page)
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	mux.Handle("GET /api/board", &b.stream)
}

func (b *Board) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	pageTemplate.Execute(w, service.Pick(b.cfg.Lang, portuguese, english)) // an error is the browser's going away
}
