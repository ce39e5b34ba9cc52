package enum Feed { package static func main(arguments: [String]) -> Int32 { 64 } }
