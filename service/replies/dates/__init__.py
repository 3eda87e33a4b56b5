"""Days and times in people's own words: their pieces are found, then one day is made of them or asked."""
