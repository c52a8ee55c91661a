// Command reading-report: see package readingreport.
package main

import "workshop.example/ecommerce/reading-report"

func main() { readingreport.Main() }
