package publish

import (
	"github.com/IBM/sarama"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy/xerial"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// compressor compresses for one goroutine, with the libraries that sarama reads with. Its state is kept, as to make it
// takes longer than to compress a batch.
type compressor struct {
	codec sarama.CompressionCodec
	out   memoryWriter
	lz4   *lz4.Writer
	gzip  *gzip.Writer
	zstd  *zstd.Encoder
}

// newCompressor has no error: the options are constants.
func newCompressor(codec sarama.CompressionCodec) *compressor {
	c := &compressor{codec: codec}
	switch codec {
	case sarama.CompressionLZ4:
		c.lz4 = lz4.NewWriter(nil)
		_ = c.lz4.Apply(lz4.BlockSizeOption(lz4.Block64Kb)) // what the Java client uses: less memory on both sides
	case sarama.CompressionGZIP:
		c.gzip = gzip.NewWriter(nil)
	case sarama.CompressionZSTD:
		c.zstd, _ = zstd.NewWriter(nil, zstd.WithZeroFrames(true), zstd.WithEncoderConcurrency(1))
	}
	return c
}

// compress appends src compressed to dst. Writing to memory does not fail.
func (c *compressor) compress(dst, src []byte) []byte {
	c.out.bytes = dst
	switch c.codec {
	case sarama.CompressionLZ4:
		c.lz4.Reset(&c.out)
		c.lz4.Write(src)
		c.lz4.Close()
	case sarama.CompressionGZIP:
		c.gzip.Reset(&c.out)
		c.gzip.Write(src)
		c.gzip.Close()
	case sarama.CompressionSnappy:
		// Xerial takes what is in dst for a beginning of its own, so it gets the room behind it.
		c.out.bytes = append(dst, xerial.Encode(dst[len(dst):], src)...)
	case sarama.CompressionZSTD:
		c.out.bytes = c.zstd.EncodeAll(src, dst)
	}
	packed := c.out.bytes
	c.out.bytes = nil
	return packed
}

// memoryWriter appends what is written to it.
type memoryWriter struct{ bytes []byte }

func (w *memoryWriter) Write(p []byte) (int, error) {
	w.bytes = append(w.bytes, p...)
	return len(p), nil
}
