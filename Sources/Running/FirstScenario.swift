import Kernel

package enum FirstScenario { package static func write(to folder: String) throws(SystemError) {} }
