// Command email-service: see package emailservice.
package main

import "workshop.example/ecommerce/email-service"

func main() { emailservice.Main() }
