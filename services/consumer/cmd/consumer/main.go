// Command consumer: see package consumer.
package main

import "workshop.example/consumer"

func main() { consumer.Main() }
