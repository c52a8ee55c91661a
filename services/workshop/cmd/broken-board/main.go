// Command broken-board: see package brokenboard.
package main

import "workshop.example/workshop/broken-board"

func main() { brokenboard.Main() }
