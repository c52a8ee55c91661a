// Package publish sends messages to Kafka in batches, as sarama's AsyncProducer does, for less: a message is encoded once, into
// memory that is used again, and passes no channel. It uses sarama's types and settings, and for the sending connections of its
// own, because sarama's ProduceRequest encodes records itself, anew for each attempt.
//
// # The batch
//
// Publish encodes a message at the end of a batch of its partition, and returns ([Publisher.Publish], batch.go). A batch is what
// the broker stores, and what is acknowledged or refused. The larger it is, the less a message costs, on both sides. How
// long to wait for more messages is the question that linger.ms answers in the Java client. Here the first message goes out at
// once. While its request is under way, and for 5 ms at least, batches grow; then the next request has all that there is. Only full
// batches go out sooner (broker.go). So batches are small when it does not matter, and large under load.
//
// Memory for batches is lent up to a limit (memory.go). Beyond it Publish blocks, until outcomes have been told.
//
// # The queue
//
// Each partition has a queue of batches (partition.go). The first ones are under way, at most five, as many as a broker can
// tell from repetitions; the last one takes messages. An attempt can fail: the leader has moved, the connection broke, no
// answer came. Then the queue stands still until all that is under way has its answer, and begins again with the first batch
// that was not acknowledged. So the order holds. Before that the keeper asks who leads the partition now (keeper.go).
//
// Every message has one outcome:
//
//   - Acknowledged, with its offset.
//   - Failed: refused for a reason that another attempt would meet again, or given up after a minute, and certainly not in the log.
//     A batch that is too large is divided (KIP-126); where single records are refused, the others are sent again without
//     them (KIP-467).
//   - Unknown: given up, and an attempt may have been stored. Most errors leave that open; see certain, in partition.go.
//
// # The sequence
//
// An answer can be lost after the batch was stored, and then the retry would store it again. So the batches of a partition are
// numbered: each carries a producer id and the sequence of its first record (KIP-98). A broker that has the batch already acknowledges
// it, and does not store it; one that misses what comes before it refuses it. A retry has the number of the first attempt.
//
// Sometimes the numbers cannot go on: a refused batch leaves a gap, or the broker has lost its memory of the producer. Then
// a new epoch begins with 0, and what is left is numbered again (KIP-360). Within an epoch no number is used twice, or the broker
// would take a new message for an old one. And what may have been stored under the old number is not sent under a new one, or it might
// be there twice: its outcome is unknown. Epochs and sequences belong to one partition; the brokers keep them so, too.
//
// Until the first batch of an epoch is acknowledged it is under way alone: a broker that does not know the producer takes whatever
// comes first for the beginning.
//
// Without idempotence there are no numbers, and one batch of a partition is under way at a time. The order still holds, but a lost
// answer stores a batch twice. With acks=0 there are no answers at all: a message counts as acknowledged when it is written.
//
// # Limits
//
// Kafka 2.4 and later; neither TLS nor SASL; no transactions. Topics are named at the start.
package publish
