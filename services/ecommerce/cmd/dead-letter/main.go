// Command dead-letter: see package deadletter.
package main

import "workshop.example/ecommerce/dead-letter"

func main() { deadletter.Main() }
