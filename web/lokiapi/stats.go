package lokiapi

import (
	"net/http"
	"time"

	"tripod/store"
)

// stats are Loki's of an answer. What it has of chunks is told of blocks, on
// disk and in memory.
type stats struct {
	Summary  statsSummary `json:"summary"`
	Querier  statsSide    `json:"querier"`
	Ingester statsSide    `json:"ingester"`
}

type statsSummary struct {
	BytesPerSecond  int64   `json:"bytesProcessedPerSecond"`
	LinesPerSecond  int64   `json:"linesProcessedPerSecond"`
	Bytes           int64   `json:"totalBytesProcessed"`
	Lines           int64   `json:"totalLinesProcessed"`
	ExecTime        float64 `json:"execTime"`  // seconds
	QueueTime       float64 `json:"queueTime"` // seconds
	Subqueries      int     `json:"subqueries"`
	Entries         int64   `json:"totalEntriesReturned"`
	Splits          int     `json:"splits"`
	Shards          int     `json:"shards"`
	PostFilterLines int64   `json:"totalPostFilterLines"`
	MetadataBytes   int64   `json:"totalStructuredMetadataBytesProcessed"`
}

type statsSide struct {
	Store struct {
		Chunks     int64 `json:"totalChunksRef"`
		Downloaded int64 `json:"totalChunksDownloaded"`
		Took       int64 `json:"chunksDownloadTime"`
		Chunk      struct {
			HeadBytes    int64 `json:"headChunkBytes"`
			HeadLines    int64 `json:"headChunkLines"`
			Decompressed int64 `json:"decompressedBytes"`
			Lines        int64 `json:"decompressedLines"`
			Compressed   int64 `json:"compressedBytes"`
			Duplicates   int64 `json:"totalDuplicates"`
			PostFilter   int64 `json:"postFilterLines"`
		} `json:"chunk"`
	} `json:"store"`
}

// statsOf tells of an answer with so many entries or points.
func statsOf(r *store.Receipt, entries int, took time.Duration) (s stats) {
	all, read, found := r.Step("time"), r.Step("zones"), r.Step("rows")
	s.Summary = statsSummary{Bytes: r.Read, Lines: read.Rows, ExecTime: took.Seconds(), Entries: int64(entries), PostFilterLines: found.Rows}
	if seconds := took.Seconds(); seconds > 0 {
		s.Summary.BytesPerSecond, s.Summary.LinesPerSecond = int64(float64(r.Read)/seconds), int64(float64(read.Rows)/seconds)
	}
	q := &s.Querier.Store
	q.Chunks, q.Downloaded = all.Blocks, read.Blocks
	q.Chunk.Compressed, q.Chunk.Lines, q.Chunk.PostFilter = r.Read, read.Rows, found.Rows
	return s
}

// explained is how a query was answered: a member of the answer, when explain=1
// asks for it, that clients pass over.
type explained struct {
	Asked  string           `json:"asked"`
	Stages []explainedStage `json:"stages"`
	Reads  []string         `json:"reads"`
	Steps  []explainedStep  `json:"steps"`
	Stored int64            `json:"storedBytes"`
	Read   int64            `json:"readBytes"`
	TookMS float64          `json:"tookMs"`
}

// explainedStage is one stage, and who did it: store, or store and records when
// the store left out most of what the stage drops, or records.
type explainedStage struct {
	Stage string `json:"stage"`
	By    string `json:"by"`
}

type explainedStep struct {
	Name   string `json:"name"`
	Parts  int64  `json:"parts"`
	Blocks int64  `json:"blocks"`
	Rows   int64  `json:"rows"`
}

var stageWords = [...]string{store.StageStore: "store", store.StageBoth: "store and records", store.StageRecords: "records"}

// explain is nil unless the request asks for it.
func explain(r *http.Request, receipt *store.Receipt) *explained {
	if want := r.Form.Get("explain"); want != "1" && want != "true" {
		return nil
	}
	e := &explained{Asked: receipt.Asked, Stages: []explainedStage{}, Reads: append([]string{}, receipt.Reads...), Steps: []explainedStep{},
		Stored: receipt.Stored, Read: receipt.Read, TookMS: float64(receipt.Took.Microseconds()) / 1e3}
	for _, s := range receipt.Stages {
		e.Stages = append(e.Stages, explainedStage{s.Text, stageWords[s.How]})
	}
	for _, s := range receipt.Steps {
		e.Steps = append(e.Steps, explainedStep(s))
	}
	return e
}
