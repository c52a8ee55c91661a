// Command score-simulator: see package scoresimulator.
package main

import "workshop.example/score-simulator"

func main() { scoresimulator.Main() }
