// Command log-service: see package logservice.
package main

import "workshop.example/ecommerce/log-service"

func main() { logservice.Main() }
