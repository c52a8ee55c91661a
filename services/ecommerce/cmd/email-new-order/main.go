// Command email-new-order: see package emailneworder.
package main

import "workshop.example/ecommerce/email-new-order"

func main() { emailneworder.Main() }
