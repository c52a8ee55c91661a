// Command scoreboard: see package scoreboard.
package main

import "workshop.example/scoreboard"

func main() { scoreboard.Main() }
