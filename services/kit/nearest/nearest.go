// Package nearest finds the names that somebody who mistyped one perhaps meant.
package nearest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Names are up to three of the names that are alike, the most alike first. Case and the signs between
// words (-, _ and .) make no difference.
func Names(name string, all []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for _, other := range all {
		a, b := bare(name), bare(other)
		d := distance(a, b)
		// A slip changes a few letters of a name; a forgotten end, such as .dlq, may be longer.
		if d <= max(2, len(a)/3) || len(a) >= 3 && (strings.HasPrefix(b, a) || strings.HasPrefix(a, b) && len(b) >= 3) {
			near = append(near, candidate{other, d})
		}
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, c := range near[:min(3, len(near))] {
		names = append(names, c.name)
	}
	return names
}

var signs = strings.NewReplacer("-", "", "_", "", ".", "")

// bare is a name as it is compared.
func bare(name string) string { return signs.Replace(strings.ToLower(name)) }

// Unknown says that there is no such name of a kind, which were perhaps meant, and which there are.
func Unknown(kind, name string, all []string) string {
	meant := ";"
	if near := Names(name, all); len(near) > 0 {
		meant = "; did you mean " + strings.Join(near, ", or ") + "?"
	}
	return fmt.Sprintf("there is no %s %q%s accepted: %s", kind, name, meant, strings.Join(all, ", "))
}

// distance is Levenshtein's: how many letters have to be inserted, deleted or replaced.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
