package ui

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
)

// ThemeScript is the one inline script: it applies the stored theme before the
// first paint, so that a light page never flashes in the dark.
const ThemeScript = `(function(){var d=document.documentElement,t=new URLSearchParams(location.search).get("theme");` +
	`try{t=t||localStorage.getItem("theme")}catch(e){}` +
	`if(t==="light"||t==="dark")d.dataset.theme=t;d.dataset.js=""})()`

// ThemeScriptSource is the source expression that lets a Content-Security-Policy
// allow the theme script and no other inline script.
func ThemeScriptSource() string {
	sum := sha256.Sum256([]byte(ThemeScript))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// htmxConfig turns off what a strict policy forbids (eval, injected styles),
// attribute inheritance, and copies of pages in browser storage.
const htmxConfig = `{"allowEval":false,"includeIndicatorStyles":false,"allowScriptTags":false,"selfRequestsOnly":true,` +
	`"disableInheritance":true,"historyCacheSize":0,"refreshOnHistoryMiss":true,"scrollIntoViewOnBoost":false,` +
	`"globalViewTransitions":false,"defaultSwapStyle":"outerHTML","defaultFocusScroll":false,"timeout":60000,` +
	`"responseHandling":[{"code":"204","swap":false},{"code":"...","swap":true}]}`

func itoa(n int) string { return strconv.Itoa(n) }

// SlotClass is the class that gives a service its colour; anything inside may use
// var(--svc).
func SlotClass(slot int) string {
	if slot < 1 || slot > 10 {
		return "c8"
	}
	return "c" + strconv.Itoa(slot)
}
