import Testing

@Suite struct CodeMaskTests {
    @Test(arguments: [
        (#"let a = "x { y" + b"#, #"let a = "     " + b"#),
        (#"f("\(g("}")) {") }"#, #"f("           ") }"#),
        (##"f(#"\("#) {"##, ##"f(#"  "#) {"##),
        (#"f("\"") {"#, #"f("  ") {"#),
        ("a // {\nb /* { \n } */ c", "a     \nb      \n      c"),
        ("\"\"\"\n { \" \n\"\"\" {", "\"\"\"\n     \n\"\"\" {"),
    ])
    func `only code is left of Swift`(text: String, expected: String) {
        #expect(CodeMask.ofSwift(text) == expected)
    }

    @Test(arguments: [
        (#"f("{\"", '"', '\'') {"#, #"f("   ", ' ', '  ') {"#),
        ("#define A \"b\" // '\n'c'", "#define A \" \"     \n' '"),
    ])
    func `only code is left of C`(text: String, expected: String) {
        #expect(CodeMask.ofC(text) == expected)
    }
}
