// Command new-order: see package neworder.
package main

import "workshop.example/ecommerce/new-order"

func main() { neworder.Main() }
