package main

import "testing"

func needsShell(t *testing.T) { t.Skip("the campaign needs a Unix shell") }
