// Command mailbox: see package mailbox.
package main

import "workshop.example/ecommerce/mailbox"

func main() { mailbox.Main() }
