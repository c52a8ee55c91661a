// Command fraud-detector: see package frauddetector.
package main

import "workshop.example/ecommerce/fraud-detector"

func main() { frauddetector.Main() }
