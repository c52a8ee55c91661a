// Command batch-send-message: see package batchsendmessage.
package main

import "workshop.example/ecommerce/batch-send-message"

func main() { batchsendmessage.Main() }
