// Command producer: see package producer.
package main

import "workshop.example/producer"

func main() { producer.Main() }
