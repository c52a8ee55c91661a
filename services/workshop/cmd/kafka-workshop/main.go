// Command kafka-workshop is all programs in one file, for releases: called by the name of a program it is that one, otherwise the
// tool, whose «exec NAME» runs a program where there are no links.
package main

import (
	"os"

	"workshop.example/consumer"
	"workshop.example/ecommerce/batch-send-message"
	"workshop.example/ecommerce/dead-letter"
	"workshop.example/ecommerce/email-new-order"
	"workshop.example/ecommerce/email-service"
	"workshop.example/ecommerce/fraud-detector"
	"workshop.example/ecommerce/http-ecommerce"
	"workshop.example/ecommerce/log-service"
	"workshop.example/ecommerce/mailbox"
	"workshop.example/ecommerce/new-order"
	"workshop.example/ecommerce/reading-report"
	"workshop.example/ecommerce/user-service"
	"workshop.example/monitor"
	"workshop.example/producer"
	"workshop.example/score-simulator"
	"workshop.example/scoreboard"
	"workshop.example/workshop/batch-reader"
	"workshop.example/workshop/broken-board"
	"workshop.example/workshop/cli"
	"workshop.example/workshop/share-worker"
)

func main() {
	os.Exit(cli.Main(map[string]func(){
		"batch-reader":       batchreader.Main,
		"batch-send-message": batchsendmessage.Main,
		"broken-board":       brokenboard.Main,
		"consumer":           consumer.Main,
		"dead-letter":        deadletter.Main,
		"email-new-order":    emailneworder.Main,
		"email-service":      emailservice.Main,
		"fraud-detector":     frauddetector.Main,
		"http-ecommerce":     httpecommerce.Main,
		"log-service":        logservice.Main,
		"mailbox":            mailbox.Main,
		"monitor":            monitor.Main,
		"new-order":          neworder.Main,
		"producer":           producer.Main,
		"reading-report":     readingreport.Main,
		"score-simulator":    scoresimulator.Main,
		"scoreboard":         scoreboard.Main,
		"share-worker":       shareworker.Main,
		"user-service":       userservice.Main,
	}))
}
