// Command http-ecommerce: see package httpecommerce.
package main

import "workshop.example/ecommerce/http-ecommerce"

func main() { httpecommerce.Main() }
