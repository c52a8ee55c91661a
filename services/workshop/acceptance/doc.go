// Package acceptance runs the workshop's real programs, as processes, against real brokers and real
// containers, and judges what they printed and what is in the log. Its tests need what no laptop has
// by itself, so each lane has a build tag and a script that brings the rest:
//
//	scripts/lane-brokers   tag brokers   ZooKeeper and three brokers without Docker (KAFKA_HOME)
//	scripts/lane-docker    tag docker    the compose files
//	scripts/lane-labs      tag labs      the labs on the embedded cluster, and the pages, with Python, curl and sqlite3
package acceptance
