// Package board is the class board: one page for a projector, on which goals fall, money moves and brokers die.
//
//	topics.go   the match, what a scoreboard has shown of it, alerts, and experiments, read from their topics in no group
//	cluster.go  the brokers that answer, and who has which partition
//	groups.go   groups, their members and lags
//	board.go    once a second a snapshot of all that, encoded once for all browsers
//	stream.go   server-sent events: each browser gets the latest snapshot, and none waits for another
//	static      the page
//
// Nothing is asked of the brokers while no browser is connected.
package board
