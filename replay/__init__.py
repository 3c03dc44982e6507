"""Answers from the topics: reads them, and can never reach a client (spec 12).

The log:      log.py (topics of a deployment, or of a capsule) · origin.py (where a capsule stands) · seen.py (a
              record as it is looked at) · merge.py (partitions as one story) · spill.py (state beyond memory)
Questions:    timeline.py · subject.py (what it is about) · effects.py (what it did to the table) · whereabouts.py (who
              was there) · words.py     explain.py · paragraph.py     as_of.py
The table:    fold.py · refold.py (a partition as writes) · rebuild.py · target.py (which table may be written)
              diff.py · looks.py · conclusions.py · tail.py (what happened since a rebuild) · judge.py · kinds.py
              differences.py · repair.py     fsck/ (invariants)
Records:      dead_letters.py · capsule/ (a slice in a file) · shadow/ (decided again, by this code or another)

Pure: seen, subject, effects, whereabouts, words, paragraph, fold, refold, judge, kinds, conclusions, differences,
fsck/invariants, fsck/epochs, shadow/causes, capsule/contents. What writes: rebuild (the table it is told), repair (rows
that were shown), dead_letters (their topics), capsule/importing (its own topics). The services' own functions decide
and fold.
"""
