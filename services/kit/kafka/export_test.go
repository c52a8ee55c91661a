package kafka

import "time"

// SetTimeout changes the time-out of the next producer's transactions.
func (t *Transactor) SetTimeout(timeout time.Duration) { t.conf.Producer.Transaction.Timeout = timeout }
