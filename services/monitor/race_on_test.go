//go:build race

package monitor

// raceMemory is how many times the memory a program takes with the race detector: 5 to 10, by its documentation.
const raceMemory = 5
