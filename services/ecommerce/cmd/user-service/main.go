// Command user-service: see package userservice.
package main

import "workshop.example/ecommerce/user-service"

func main() { userservice.Main() }
