// Command monitor: see package monitor.
package main

import "workshop.example/monitor"

func main() { monitor.Main() }
