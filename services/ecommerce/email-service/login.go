package emailservice

import (
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"workshop.example/kit/service"
)

// login is how the mail server knows the program, and the program the mail server.
type login struct {
	user, password string         // both empty: without a login
	roots          *x509.CertPool // nil: the system's
}

// loginFromEnv reads SMTP_USER, SMTP_PASSWORD_FILE and SMTP_CA_FILE. The password comes from a file, because
// the environment of a process can be read by others and ends up in reports. Errors name files, never contents.
func loginFromEnv(env *service.Env, addr string) login {
	l := login{user: env.Text("SMTP_USER", "", "a name", "name for the mail server; needs SMTP_PASSWORD_FILE")}
	passwordFile := env.Text("SMTP_PASSWORD_FILE", "", "a file",
		"file with the password for SMTP_USER; sent only encrypted, except to this machine")
	caFile := env.Text("SMTP_CA_FILE", "", "a PEM file",
		"certificates to trust, besides the system's, such as the mail server's own self-signed one")
	for name, value := range map[string]string{"SMTP_USER": l.user, "SMTP_PASSWORD_FILE": passwordFile, "SMTP_CA_FILE": caFile} {
		if value != "" && addr == "" {
			env.Fail(name, "needs SMTP_ADDR, a host:port")
		}
	}
	switch {
	case addr == "": // said already
	case l.user != "" && passwordFile == "":
		env.Fail("SMTP_USER", "needs SMTP_PASSWORD_FILE, a file with the password")
	case l.user == "" && passwordFile != "":
		env.Fail("SMTP_PASSWORD_FILE", "needs SMTP_USER, the name that the password is for")
	}
	if passwordFile != "" {
		content, err := os.ReadFile(passwordFile)
		l.password = strings.TrimRight(string(content), "\r\n")
		if err != nil {
			env.Fail("SMTP_PASSWORD_FILE", err.Error())
		} else if l.password == "" || strings.ContainsAny(l.password, "\r\n\x00") {
			env.Fail("SMTP_PASSWORD_FILE", fmt.Sprintf("%s is not one line with a password", passwordFile))
		}
	}
	if caFile != "" {
		content, err := os.ReadFile(caFile)
		if l.roots, _ = x509.SystemCertPool(); l.roots == nil { // a system without any: only those of the file
			l.roots = x509.NewCertPool()
		}
		if err != nil {
			env.Fail("SMTP_CA_FILE", err.Error())
		} else if !l.roots.AppendCertsFromPEM(content) {
			env.Fail("SMTP_CA_FILE", fmt.Sprintf("%s has no certificate in PEM form (-----BEGIN CERTIFICATE-----)", caFile))
		}
	}
	return l
}
