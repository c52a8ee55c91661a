// Command batch-reader: see package batchreader.
package main

import "workshop.example/workshop/batch-reader"

func main() { batchreader.Main() }
