"""What pages say of networks that were opened from a file and have other layers than this project's."""

SENTENCE = (
    "This network was opened from a file and has layers of its own. The drawing shows only networks that are built "
    "here. Open Why on Draw, or Inside on Evaluate: they show the output of each of its layers."
)
