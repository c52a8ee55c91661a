//go:build unix

package main

import "testing"

func needsShell(*testing.T) {}
