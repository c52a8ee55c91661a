// Command share-worker: see package shareworker.
package main

import "workshop.example/workshop/share-worker"

func main() { shareworker.Main() }
