//go:build !race

package monitor

const raceMemory = 1
